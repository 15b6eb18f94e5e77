"""Two objects with their colours, by A&E and A&E-HRV; only the registry imports it."""
