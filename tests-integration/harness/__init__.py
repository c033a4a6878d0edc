"""What the black-box tests stand on: servers, processes, and sentences about them."""
