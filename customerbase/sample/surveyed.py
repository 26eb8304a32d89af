"""What a survey tool exports beside the answers: who was asked, and the questions on single things that went well or not."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from customerbase.sample.block import Block
from customerbase.sample.desk import Desk
from customerbase.sample.strings import take
from customerbase.sample.world import SYSTEMS

OVERALL = "満足度(1-5)"
# question -> log odds of a yes at the middle answer to overall satisfaction, and how they rise with that answer
ITEMS = {
    "品質は期待どおりでしたか": (1.2, 1.0),
    "お届けは予定どおりでしたか": (1.6, 0.6),
    "スタッフの対応は親切でしたか": (1.4, 0.3),
    "サイトや売場は見やすかったですか": (0.9, 0.0),
}


def invite(desk: Desk, block: Block, system: int, survey: str, ready: np.ndarray, asked: float) -> None:
    """Who was asked to answer a survey."""
    table = pa.table(
        {
            "調査ID": take([survey], np.zeros(len(ready), dtype=np.int64)),
            "会員ID": block.of_member(ready),
            "依頼日時": block.dates.moment(np.full(len(ready), asked), "%Y/%m/%d"),
        }
    )
    desk.csv(f"{SYSTEMS[system]}/survey_invitations.csv", block.number, table)


def rate_items(desk: Desk, block: Block, system: int, answers: pa.Table) -> None:
    """Yes or no to each of ITEMS by everybody who rated satisfaction, the likelier the more satisfied; the odds are the truth."""
    rng = block.world.stream(f"survey items {system}", block.number)
    rated = answers.filter(pc.equal(answers["設問"], OVERALL))
    overall = rated["回答"].to_numpy().astype(float)
    parts = []
    for question, (level, slope) in ITEMS.items():
        yes = rng.random(len(overall)) < 1 / (1 + np.exp(-(level + slope * (overall - 3))))
        keys = rated.select(["回答ID", "調査ID", "会員ID", "依頼日時", "回答日時"])
        asked = take([question], np.zeros(len(overall), dtype=np.int64))
        said = take(["いいえ", "はい"], yes.astype(np.int64))
        parts.append(keys.append_column("設問", asked).append_column("回答", said))
    desk.csv(f"{SYSTEMS[system]}/survey_items.csv", block.number, pa.concat_tables(parts).combine_chunks())
    truth = {
        "question": pa.array(list(ITEMS)),
        "odds_ratio": pa.array([float(np.exp(slope)) for _, slope in ITEMS.values()]),
    }
    if block.number == 0 and "truth:survey_items" not in desk.files:
        desk.secret("survey_items", pa.table(truth))
