"""Moths in DynamoDB: an item for each, and one for each match that was rewarded.

All items of a player have one partition key, so that one query finds them.
"""

from typing import Any

from boto3.dynamodb.conditions import Key

from glassware import databases


Item = dict[str, Any]

TABLE = "characters"
REFUSED = "ConditionalCheckFailed"


def moths(player: str) -> list[Item]:
    """Return a player's moths."""
    found = _table().query(
        KeyConditionExpression=Key("player").eq(player)
        & Key("name").begins_with("moth#")
    )
    return found["Items"]


def moth(player: str, kind: str) -> Item | None:
    """Return one moth."""
    found = _table().get_item(Key={"player": player, "name": f"moth#{kind}"})
    return found.get("Item")


def hatch(player: str, kind: str) -> None:
    """Make a moth, where it is missing."""
    fresh = {
        "player": player,
        "name": f"moth#{kind}",
        "kind": kind,
        "experience": 0,
        "inventory": [],
    }
    table = _table()
    try:
        table.put_item(Item=fresh, ConditionExpression="attribute_not_exists(player)")
    except table.meta.client.exceptions.ConditionalCheckFailedException:
        return


def reward(player: str, kind: str, match: str, earned: int, found: list[Item]) -> bool:
    """Add experience and what was found; once for each match, and both or neither.

    Returns:
        Whether this is the first time that the match is rewarded.
    """
    client = databases.main.meta.client
    once = {
        "TableName": TABLE,
        "Item": {"player": player, "name": f"match#{match}", "earned": earned},
        "ConditionExpression": "attribute_not_exists(player)",
    }
    more = {
        "TableName": TABLE,
        "Key": {"player": player, "name": f"moth#{kind}"},
        "UpdateExpression": "SET experience = experience + :earned, "
        "inventory = list_append(inventory, :found)",
        "ConditionExpression": "attribute_exists(player)",
        "ExpressionAttributeValues": {":earned": earned, ":found": found},
    }
    try:
        client.transact_write_items(TransactItems=[{"Put": once}, {"Update": more}])
    except client.exceptions.TransactionCanceledException as error:
        if error.response["CancellationReasons"][0]["Code"] != REFUSED:
            raise
        return False
    return True


def _table() -> Any:
    return databases.main.Table(TABLE)
