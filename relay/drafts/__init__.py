"""A hook file that a person is changing: read, tried on events that came, compared, saved or given as a patch.

Nothing of it is kept anywhere until it is saved: a draft is a text, read and mapped in memory by what the door uses.

files    the hook file as it is on disk, and saving it in one step, unless somebody else has changed it meanwhile
reading  a text read as a hook file: the hook, and what is wrong with it
patch    the difference of two texts, as rows for a page and as a patch for git
names    the names that events bring, and where a draft reads them
trying   what a draft makes of events, beside what the rules of now make of them
"""
