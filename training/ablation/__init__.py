"""The ablation of the paper's three parts: each taken out of Face2Diffusion in turn, trained alike, measured alike.

`variants` says what is compared, `plan` what all of it shares; `frozen`, `networks` and `measure` make it, `steps` in
order and resumable; `report` and `page` say what came of it.
"""
