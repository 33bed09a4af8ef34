"""The work of enrich-campaign-members called straight: same clients, same SQL, nothing kept, nothing checked."""

from __future__ import annotations

from importlib.resources import files

import duckdb
import pyarrow as pa

from scc import settings
from scc.flow.objects import eloqua_fields, eloqua_object, resolve_object
from scc.flow.systems import Systems
from scc.flow.values import value_map
from scc.pipelines.enrich_campaign_members import Config
from scc.salesforce import soql


def main() -> None:
    systems, config = Systems(settings.load()), Config()
    eloqua, salesforce = systems.eloqua, systems.salesforce
    name = resolve_object(eloqua, f"customObject/{config.custom_object}")
    known = eloqua_fields(eloqua, name)
    columns = ["Id", config.campaign_id_field, *config.fields]
    with eloqua.bulk.export(eloqua_object(name), {one: known[one].statement for one in columns}) as export:
        records = pa.Table.from_batches(export.batches())

    campaign_fields = ["Id", "IsDeleted", *config.fields.values()]
    ids = duckdb.execute(
        f"SELECT DISTINCT left({config.campaign_id_field}, 15) AS id FROM records WHERE {config.campaign_id_field} LIKE '701%' "
        f"AND length({config.campaign_id_field}) IN (15, 18)"
    ).fetchall()
    queries = soql.chunks("Campaign", campaign_fields, "Id", [one for (one,) in ids], rest=len(ids) <= 2_000)
    read = salesforce.query if len(ids) <= 2_000 else salesforce.bulk.query
    campaigns = pa.Table.from_batches([b for q in queries for b in read(q, include_deleted=True)])

    types = {one: known[one].data_type for one in config.fields}
    connection = duckdb.connect()
    connection.register("r", records)
    connection.register("c", campaigns)
    own = {field: field for field in config.fields}
    connection.execute(
        f'CREATE VIEW records AS SELECT "Id" AS id, trim({config.campaign_id_field}) AS campaign_id, {value_map(own, types)} AS current FROM r'
    )
    connection.execute(
        f'CREATE VIEW campaigns AS SELECT "Id" AS id, "IsDeleted" = \'true\' AS is_deleted, {value_map(config.fields, types)} AS wanted FROM c'
    )
    connection.execute("CREATE VIEW chosen AS SELECT id FROM campaigns")
    sql = files("scc.pipelines").joinpath("enrich_campaign_members.sql").read_text()
    plan = connection.sql(sql, params={"object": name, "keep_when_blank": False}).to_arrow_table()
    connection.register("plan", plan)
    wide = ", ".join(f"after['{field}'] AS \"{field}\"" for field in config.fields)
    changes = connection.sql(
        f"SELECT key AS \"Id\", {wide} FROM plan WHERE operation = 'update'"
    ).to_arrow_table()

    bulk = eloqua.bulk
    statements = {one: known[one].statement for one in ("Id", *config.fields)}
    definition = bulk.create_import(
        eloqua_object(name), statements, identifier="Id", update_rule="ifNewIsNotNull"
    )
    bulk.upload(definition, changes.to_batches(max_chunksize=50_000))
    bulk.wait(bulk.start_sync(definition.uri).uri)
    bulk.delete(definition.uri)
    print(f"{changes.num_rows:,} records")


if __name__ == "__main__":
    main()
