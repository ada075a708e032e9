"""Make the table: `python -m characters.tables`. What is there stays."""

from typing import Any

from characters.store import TABLE
from glassware import databases


def ensure(dynamodb: Any) -> None:
    """Make the table where it is missing, and wait until it can be used."""
    client = dynamodb.meta.client
    try:
        dynamodb.create_table(
            TableName=TABLE,
            KeySchema=[
                {"AttributeName": "player", "KeyType": "HASH"},
                {"AttributeName": "name", "KeyType": "RANGE"},
            ],
            AttributeDefinitions=[
                {"AttributeName": "player", "AttributeType": "S"},
                {"AttributeName": "name", "AttributeType": "S"},
            ],
            BillingMode="PAY_PER_REQUEST",
        )
    except client.exceptions.ResourceInUseException:
        return
    dynamodb.Table(TABLE).wait_until_exists()


if __name__ == "__main__":
    ensure(databases.main)
