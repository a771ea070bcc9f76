{{ export_indikatoren('verwaltung', "indikator.gruppe in ('infrastruktur', 'erreichbarkeit', 'wohnen', 'altersaufbau', 'altersgruppen', 'alter')") }}
