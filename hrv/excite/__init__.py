"""Attend-and-Excite and A&E-HRV as equations, and the plan of which maps they read."""
