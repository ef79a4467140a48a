"""The same job as the tutorials of Flask and RQ have it: a rival to measure against, with none of our promises."""
