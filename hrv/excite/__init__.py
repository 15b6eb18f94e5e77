"""Attend-and-Excite and A&E-HRV without a host.

`algorithm.excite_step` is one step of both, as the papers' Algorithm has it. Behind it: `loss` the
equations of the loss, `filters` the blur and the smoothing of maps, `settings` what may be set,
`words` what an artist asks for, `plan` which layers are read. The host's side is nodes/excite; of
hrv only torch's neighbours `attention`, `heads`, `resolution` and `schedule` are imported here.
"""
