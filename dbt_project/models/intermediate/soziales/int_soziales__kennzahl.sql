{{ config(meta={'eingefroren': true}) }}
-- SGB XII, AsylbLG, Wohngeld und SGB VIII je Block aus den Falllisten oder je Gebiet aus den zusammengefassten Tabellen.
-- Was sich an der Tür nicht verorten ließ, steht in "nicht zuordenbar".
{% set kennzahlen = {
    "sgb12_hlu": "leistung = 'sgb12' and art = 'HLU'",
    "sgb12_hlu_0_17": "leistung = 'sgb12' and art = 'HLU' and alter_jahre < 18",
    "sgb12_gsi": "leistung = 'sgb12' and kapitel = '4'",
    "sgb12_gsi_alter": "leistung = 'sgb12' and art = 'Alter'",
    "sgb12_gsi_em": "leistung = 'sgb12' and art = 'Erwerbsminderung'",
    "sgb12_gsi_alter_80_plus": "leistung = 'sgb12' and art = 'Alter' and alter_jahre >= 80",
    "sgb12_gsi_alter_weiblich": "leistung = 'sgb12' and art = 'Alter' and geschlecht = 'w'",
    "sgb12_gsi_nichtdeutsch": "leistung = 'sgb12' and kapitel = '4' and staatsangehoerigkeit = 'nichtdeutsch'",
    "asylblg_empfaenger": "leistung = 'asylblg'",
    "asylblg_0_17": "leistung = 'asylblg' and alter_jahre < 18",
    "asylblg_weiblich": "leistung = 'asylblg' and geschlecht = 'w'",
    "asylblg_analog": "leistung = 'asylblg' and art = '§ 2'",
    "asylblg_haushalte": "leistung = 'asylblg' and erste_person",
    "wohngeld_haushalte": "leistung = 'wohngeld'",
    "wohngeld_haushalte_1_person": "leistung = 'wohngeld' and personen = 1",
    "wohngeld_haushalte_mit_kindern": "leistung = 'wohngeld' and kinder > 0",
    "wohngeld_personen": "#case when leistung = 'wohngeld' then personen else 0 end",
    "wohngeld_kinder": "#case when leistung = 'wohngeld' then kinder else 0 end",
    "hze": "leistung = 'hilfe'",
    "hze_ambulant": "leistung = 'hilfe' and art in ('27', '29', '30', '31', '35')",
    "hze_teilstationaer": "leistung = 'hilfe' and art = '32'",
    "hze_vollzeitpflege": "leistung = 'hilfe' and art = '33'",
    "hze_heim": "leistung = 'hilfe' and art = '34'",
    "hze_eingliederung": "leistung = 'hilfe' and art = '35a'",
    "hze_volljaehrige": "leistung = 'hilfe' and art = '41'",
    "hze_0_5": "leistung = 'hilfe' and alter_jahre < 6",
    "hze_6_13": "leistung = 'hilfe' and alter_jahre between 6 and 13",
    "hze_14_17": "leistung = 'hilfe' and alter_jahre between 14 and 17",
    "hze_18_plus": "leistung = 'hilfe' and alter_jahre >= 18",
    "gefaehrdung_8a": "leistung = 'gefaehrdung'",
    "gefaehrdung_8a_0_5": "leistung = 'gefaehrdung' and alter_jahre < 6",
    "gefaehrdung_8a_akut": "leistung = 'gefaehrdung' and art = 'akute Gefährdung'",
    "gefaehrdung_8a_latent": "leistung = 'gefaehrdung' and art = 'latente Gefährdung'",
    "gefaehrdung_8a_hilfebedarf": "leistung = 'gefaehrdung' and art = 'Hilfebedarf'",
    "gefaehrdung_8a_keine": "leistung = 'gefaehrdung' and art = 'keine Gefährdung'",
} %}

with faelle as (
    select
        fall.*,
        'block' as ebene,
        coalesce(fall.block_id, 'nz_block') as raumeinheit_id,
        row_number() over (partition by fall.lieferung_id, fall.haushalt_key order by fall.fall_key) = 1 as erste_person
    from {{ ref('stg_sozialleistungen__fall') }} as fall
),

-- Eine Lieferung sagt nur über ihre eigene Leistung etwas; je Lieferung und Leistung auch, dass niemand nicht zuordenbar war.
gezaehlt as (
    {{ gezaehlte_faelle('faelle', kennzahlen) }}
),

leistung as (
    select distinct lieferung_id, stichtag, gebietsstand, leistung
    from {{ ref('stg_sozialleistungen__fall') }}
),

zugehoerig as (
    select leistung.lieferung_id, leistung.stichtag, leistung.gebietsstand, gehoert.kennzahl_id
    from leistung
    inner join (values ('sgb12', 'sgb12_hlu'), ('sgb12', 'sgb12_hlu_0_17'), ('sgb12', 'sgb12_gsi'), ('sgb12', 'sgb12_gsi_alter'), ('sgb12', 'sgb12_gsi_em'), ('sgb12', 'sgb12_gsi_alter_80_plus'), ('sgb12', 'sgb12_gsi_alter_weiblich'), ('sgb12', 'sgb12_gsi_nichtdeutsch'), ('asylblg', 'asylblg_empfaenger'), ('asylblg', 'asylblg_0_17'), ('asylblg', 'asylblg_weiblich'), ('asylblg', 'asylblg_analog'), ('asylblg', 'asylblg_haushalte'), ('wohngeld', 'wohngeld_haushalte'), ('wohngeld', 'wohngeld_haushalte_1_person'), ('wohngeld', 'wohngeld_haushalte_mit_kindern'), ('wohngeld', 'wohngeld_personen'), ('wohngeld', 'wohngeld_kinder'), ('hilfe', 'hze'), ('hilfe', 'hze_ambulant'), ('hilfe', 'hze_teilstationaer'), ('hilfe', 'hze_vollzeitpflege'), ('hilfe', 'hze_heim'), ('hilfe', 'hze_eingliederung'), ('hilfe', 'hze_volljaehrige'), ('hilfe', 'hze_0_5'), ('hilfe', 'hze_6_13'), ('hilfe', 'hze_14_17'), ('hilfe', 'hze_18_plus'), ('gefaehrdung', 'gefaehrdung_8a'), ('gefaehrdung', 'gefaehrdung_8a_0_5'), ('gefaehrdung', 'gefaehrdung_8a_akut'), ('gefaehrdung', 'gefaehrdung_8a_latent'), ('gefaehrdung', 'gefaehrdung_8a_hilfebedarf'), ('gefaehrdung', 'gefaehrdung_8a_keine')) as gehoert (leistung, kennzahl_id)
        on leistung.leistung = gehoert.leistung
),

aus_faellen as (
    select
        zugehoerig.lieferung_id,
        zugehoerig.stichtag,
        zugehoerig.gebietsstand,
        gezaehlt.ebene,
        gezaehlt.raumeinheit_id,
        zugehoerig.kennzahl_id,
        gezaehlt.wert,
        gezaehlt.status_id
    from zugehoerig
    inner join gezaehlt
        on zugehoerig.lieferung_id = gezaehlt.lieferung_id
        and zugehoerig.kennzahl_id = gezaehlt.kennzahl_id
),

aus_tabellen as (
    select
        lieferung_id,
        stichtag,
        gebietsstand,
        ebene,
        raumeinheit_id,
        kennzahl_id,
        anzahl as wert,
        {{ status_aus_zeichen('anzahl_zeichen') }} as status_id
    from {{ ref('stg_sozialleistungen__tabelle') }}
)

select * from aus_faellen
union all
select * from aus_tabellen
{{ eingefrorene_zeilen() }}
