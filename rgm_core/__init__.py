"""Renormalising generative models: scale-free active inference in discrete state-spaces."""
