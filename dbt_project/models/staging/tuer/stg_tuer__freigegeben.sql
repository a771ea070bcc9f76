select zielgruppe, stichtag, kennzahl_id, gebietsstand, ebene, raumeinheit_id, wert, zuletzt
from {{ tuer('freigegeben') }}
