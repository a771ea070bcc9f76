{{ export_indikatoren('oeffentlich', "true") }}
