"""The pack on one ComfyUI after the other (`make test-hosts`): tests, and images bit for bit."""
