{#
  Zählungen von Lieferungen, deren Personen nach Ablauf der Aufbewahrung gelöscht sind: ihr eingefrorener Stand, an die
  frisch gezählten Zeilen angehängt. Ein Modell, das Personen je Lieferung zählt, endet damit und trägt meta eingefroren.
  ohne: Spalten, die das Modell selbst erst danach bildet.
#}
{% macro eingefrorene_zeilen(ohne=[]) -%}
{%- if execute -%}
    {%- set liste = env_var("SOZIALRAUM_RAW") ~ "/_eingefroren.parquet" -%}
    {%- if run_query("select count(*) from glob('" ~ liste ~ "')").columns[0][0] -%}
        {%- set dateien = run_query("select datei from read_parquet('" ~ liste ~ "') where modell = '" ~ this.name ~ "' order by 1").columns[0].values() -%}
        {%- if dateien %}
union all by name
select *{{ " exclude (" ~ ohne | join(", ") ~ ")" if ohne }}
from read_parquet(['{{ dateien | join("', '") }}'], union_by_name = true)
where lieferung_id in (select lieferung_id from {{ tuer('quellenstand') }} where aktiv)
        {%- if is_incremental() %}
    and lieferung_id not in (select lieferung_id from {{ this }})
        {%- endif %}
        {%- endif -%}
    {%- endif -%}
{%- endif -%}
{%- endmacro %}
