from django.urls import path

from .views import searches, youth_list

urlpatterns = [
    path("youths/", youth_list.youth_list, name="youths"),
    path("youths/search/", youth_list.youth_search, name="youth_search"),
    path("youths/export/", youth_list.youths_export, name="youths_export"),
    path("youths/searches/", searches.search_new, name="search_new"),
    path("youths/searches/<uuid:search_id>/delete/", searches.search_delete, name="search_delete"),
]
