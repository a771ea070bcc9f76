{{ export_orte('traeger', 'ort.traeger is not null') }}
