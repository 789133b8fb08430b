. $SOURCE/lib.sh; skip todo
