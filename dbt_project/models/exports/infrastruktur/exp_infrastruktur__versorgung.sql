{{ export_indikatoren('verwaltung', "indikator.gruppe in ('infrastruktur', 'mobilitaet', 'wohnen', 'altersaufbau', 'altersgruppen')") }}
