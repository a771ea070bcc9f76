{{ export_kennzahlen('verwaltung', "kennzahl.thema = 'jahrgang' or kennzahl.kennzahl_id in ('alter_0_2', 'alter_3_5', 'alter_0_5', 'alter_6_14', 'alter_15_17', 'alter_0_17')") }}
