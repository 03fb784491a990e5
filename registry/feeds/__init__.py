"""Department files 数据报送: what columns they have, reading them, checking their rows, giving errors back."""
