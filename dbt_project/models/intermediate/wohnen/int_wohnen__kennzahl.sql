-- Wohnungsbestand als Kennzahlen, eine Zeile je Gebiet und Zahl, auf der gelieferten Ebene.
with kennzahlen as (
    {{ kennzahlen_aus_spalten(ref('stg_wohnungen__bestand'), ['wohnungen', 'wohnflaeche_qm', 'wohnungen_gefoerdert', 'wohnungen_leer']) }}
)

select * from kennzahlen
