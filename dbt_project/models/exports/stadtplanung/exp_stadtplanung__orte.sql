{{ export_orte('verwaltung', 'true') }}
