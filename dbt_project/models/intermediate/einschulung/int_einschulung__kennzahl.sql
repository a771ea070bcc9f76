-- Schuleingangsuntersuchung als Kennzahlen je Wohngebiet der Kinder eines Einschulungsjahrgangs.
with kennzahlen as (
    {{ kennzahlen_aus_spalten(ref('stg_einschulung__untersuchung'), ['einschulungskinder', 'einschulungskinder_sprachauffaellig', 'einschulungskinder_uebergewichtig', 'einschulungskinder_vorsorge_vollstaendig']) }}
)

select * from kennzahlen
