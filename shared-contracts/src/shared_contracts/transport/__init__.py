"""What both services would otherwise write twice: carrying messages, telling problems, being observed."""
