"""A&E-HRV."""
