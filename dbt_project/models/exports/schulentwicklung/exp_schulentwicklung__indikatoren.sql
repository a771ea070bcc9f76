{{ export_indikatoren('verwaltung', "indikator.gruppe in ('bildung', 'altersgruppen') or indikator.indikator_id = 'einschulung_sprachauffaellig'") }}
