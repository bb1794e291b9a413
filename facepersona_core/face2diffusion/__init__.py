"""Face2Diffusion (Shiohara and Yamasaki, CVPR 2024, arXiv:2403.05094), one file a part."""
