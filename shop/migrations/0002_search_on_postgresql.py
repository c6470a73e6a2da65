"""PostgreSQL only: a product's words in a column that keeps itself, and indexes to search by."""

from django.contrib.postgres.operations import TrigramExtension
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

FORWARDS = (
    """
    ALTER TABLE shop_product ADD COLUMN search_document tsvector GENERATED ALWAYS AS (
        setweight(to_tsvector('english', name), 'A')
        || setweight(to_tsvector('english', description), 'B')
    ) STORED
    """,
    "CREATE INDEX shop_product_words ON shop_product USING gin (search_document)",
    """
    CREATE INDEX shop_product_name_trigrams ON shop_product
    USING gist (name gist_trgm_ops(siglen=64))
    """,
)
BACKWARDS = (
    "DROP INDEX shop_product_name_trigrams",
    "DROP INDEX shop_product_words",
    "ALTER TABLE shop_product DROP COLUMN search_document",
)


def forwards(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    run_on_postgresql(schema_editor, FORWARDS)


def backwards(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    run_on_postgresql(schema_editor, BACKWARDS)


def run_on_postgresql(schema_editor: BaseDatabaseSchemaEditor, statements: tuple[str, ...]) -> None:
    if schema_editor.connection.vendor == "postgresql":
        for statement in statements:
            schema_editor.execute(statement)


class Migration(migrations.Migration):
    dependencies = [("shop", "0001_initial")]

    operations = [TrigramExtension(), migrations.RunPython(forwards, backwards)]
