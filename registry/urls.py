from django.urls import path

from .views import enrolments, handovers, home, move_report, moves, searches, visits, youth_file, youth_list

urlpatterns = [
    path("", home.home, name="home"),
    path("youths/", youth_list.youth_list, name="youths"),
    path("youths/search/", youth_list.youth_search, name="youth_search"),
    path("youths/export/", youth_list.youths_export, name="youths_export"),
    path("youths/searches/", searches.search_new, name="search_new"),
    path("youths/searches/<uuid:search_id>/delete/", searches.search_delete, name="search_delete"),
    path("youths/new/", youth_file.youth_new, name="youth_new"),
    path("youths/<uuid:youth_id>/", youth_file.youth, name="youth"),
    path("youths/<uuid:youth_id>/history/", youth_file.youth_history, name="youth_history"),
    path("youths/<uuid:youth_id>/verify/", youth_file.verify, name="youth_verify"),
    path("youths/<uuid:youth_id>/correct/", youth_file.correct, name="youth_correct"),
    path("youths/<uuid:youth_id>/grade/", youth_file.grade, name="youth_grade"),
    path("youths/<uuid:youth_id>/close/", youth_file.close, name="youth_close"),
    path("youths/<uuid:youth_id>/enrol/", enrolments.enrol, name="youth_enrol"),
    path("youths/<uuid:youth_id>/move/", move_report.move_report, name="youth_move"),
    path("enrolments/", enrolments.reviews, name="enrolments"),
    path("enrolments/<uuid:enrolment_id>/end/", enrolments.enrolment_end, name="enrolment_end"),
    path("moves/", moves.moves, name="moves"),
    path("handovers/", handovers.handovers, name="handovers"),
    path("handovers/<uuid:handover_id>/", handovers.handover, name="handover"),
    path("handovers/<uuid:handover_id>/accept/", handovers.handover_accept, name="handover_accept"),
    path("handovers/<uuid:handover_id>/return/", handovers.handover_return, name="handover_return"),
    path("handovers/<uuid:handover_id>/answer/", handovers.handover_answer, name="handover_answer"),
    path("handovers/<uuid:handover_id>/again/", handovers.handover_again, name="handover_again"),
    path("visits/new/", visits.visit_new, name="visit_new"),
]
