"""One module for each page, with a function ``add(desk, means)`` that puts its routes into the desk."""
