"""A notebook's contract is read without running it; each fault is one clear error with its near miss."""

import json
import time

import pytest
from conftest import ROOT

from customerbase.errors import ContractError
from customerbase.pipeline.contracts import check_overrides, check_tables, read_contract, read_contracts

PARAMETERS = 'month: str = "2026-10"  # month to analyse\nchurn_days: int = 90  # silent this long has left'


def notebook(folder, stem, *, parameters=PARAMETERS, reads=(), writes=(), roles=None, contract=None):
    name = stem.split("_", 1)[1]
    contract = contract or f'stage = Stage("{name}", month=month, reads={list(reads)!r}, writes={list(writes)!r})'
    code = roles or [("parameters", parameters), ("contract", contract), ("read", "x = 1")]
    cells = [{"cell_type": "markdown", "id": "t", "metadata": {}, "source": "# Title"}]
    cells += [
        {
            "cell_type": "code",
            "id": f"c{i}",
            "metadata": {"tags": [role]},
            "source": text,
            "outputs": [],
            "execution_count": None,
        }
        for i, (role, text) in enumerate(code)
    ]
    path = folder / f"{stem}.ipynb"
    path.write_text(json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}))
    return path


def test_reads_name_parameters_and_tables(tmp_path):
    contract = read_contract(notebook(tmp_path, "06_churn", reads=["orders"], writes=["churn"]))
    assert (contract.name, contract.reads, contract.writes) == ("churn", ("orders",), ("churn",))
    assert contract.parameters["churn_days"].default == 90
    assert contract.parameters["churn_days"].meaning == "silent this long has left"


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ("n = 3  # no type", ["'n = 3", "name: type = literal"]),
        ("n: int = 3", ["no comment"]),
        ("n: int = 3.5  # wrong", ["n is 3.5", "expected int"]),
        ("n: int = True  # a bool is no number", ["n is True"]),
        ("n: int = max(1, 2)  # computed", ["not a literal"]),
        ("n: date = 3  # strange type", ["type date", "str, int"]),
        ("n: int = (  # broken", ["does not parse"]),
    ],
)
def test_refuses_parameter_lines(tmp_path, parameters, words):
    with pytest.raises(ContractError) as error:
        read_contract(notebook(tmp_path, "01_a", parameters=parameters))
    assert "01_a.ipynb" in str(error.value)
    for word in words:
        assert word in str(error.value)


def test_refuses_computed_lists(tmp_path):
    path = notebook(tmp_path, "01_a", contract='stage = Stage("a", reads=TABLES, writes=[])')
    with pytest.raises(ContractError, match="literal lists"):
        read_contract(path)


def test_refuses_a_name_that_is_not_the_files(tmp_path):
    path = notebook(tmp_path, "01_a", contract='stage = Stage("b", reads=[], writes=[])')
    with pytest.raises(ContractError, match=r"NN_b\.ipynb"):
        read_contract(path)


def test_refuses_cells_out_of_order_or_without_role(tmp_path):
    contract = 'Stage("a", reads=[], writes=[])'
    disordered = [("parameters", "m: str = 'x'  # m"), ("contract", contract), ("look", "1"), ("read", "2")]
    with pytest.raises(ContractError, match="'read' cell follows a 'look' cell"):
        read_contract(notebook(tmp_path, "01_a", roles=disordered))
    with pytest.raises(ContractError, match="carries tags"):
        read_contract(notebook(tmp_path, "01_a", roles=[("nothing", "1")]))


def test_two_writers(tmp_path):
    notebook(tmp_path, "01_a", writes=["orders"])
    notebook(tmp_path, "02_b", writes=["orders"])
    with pytest.raises(ContractError, match=r"'orders' has two writers: 01_a\.ipynb and 02_b\.ipynb"):
        read_contracts(tmp_path)


def test_wrong_order_and_unwritten_table(tmp_path):
    notebook(tmp_path, "01_a", reads=["orders"])
    notebook(tmp_path, "02_b", writes=["orders"])
    with pytest.raises(ContractError, match=r"01_a\.ipynb reads 'orders', which is written later, by 02_b\.ipynb"):
        read_contracts(tmp_path)
    notebook(tmp_path, "01_a", reads=["orderz"])
    with pytest.raises(ContractError, match=r"which no notebook writes\. Did you mean 'orders'\?"):
        read_contracts(tmp_path)


def looking_back(folder, stem, *tables, writes=()):
    lists = f"reads=[], writes={list(writes)!r}, previous={list(tables)!r}"
    return notebook(folder, stem, contract=f'stage = Stage("{stem.split("_", 1)[1]}", month=month, {lists})')


def test_tables_of_the_month_before_may_come_from_any_page(tmp_path):
    looking_back(tmp_path, "01_a", "orders", "rfm", "stores", writes=["stores"])  # its own, a later page's
    notebook(tmp_path, "02_b", writes=["orders"])
    notebook(tmp_path, "03_c", writes=["rfm"])
    first, second, _ = read_contracts(tmp_path)
    assert first.previous == ("orders", "rfm", "stores") and first.reads == () and second.previous == ()


def test_a_table_of_the_month_before_that_nobody_writes_names_the_near_miss(tmp_path):
    looking_back(tmp_path, "01_a", "id_histroy", writes=["id_history"])
    with pytest.raises(ContractError, match=r"takes 'id_histroy' from the month before.* Did you mean 'id_history'\?"):
        read_contracts(tmp_path)
    looking_back(tmp_path, "01_a", "id_history", writes=["id_history"])
    with pytest.raises(ContractError, match=r"unknown table 'id_history'.*Did you mean 'id_histories'\?"):
        check_tables(read_contracts(tmp_path), ["id_histories"])


@pytest.mark.parametrize("tables", ["TABLES", '["a", name]', '"orders"', "[1]", "f()"])
def test_refuses_a_list_of_the_month_before_that_must_be_computed(tmp_path, tables):
    path = notebook(tmp_path, "01_a", contract=f'stage = Stage("a", reads=[], writes=[], previous={tables})')
    with pytest.raises(ContractError, match=r"previous=\[.*literal lists"):
        read_contract(path)


@pytest.mark.parametrize("word", ["previus", "prevoius", "read"])
def test_refuses_a_misspelt_list(tmp_path, word):
    path = notebook(tmp_path, "01_a", contract=f'stage = Stage("a", reads=[], writes=[], {word}=["orders"])')
    with pytest.raises(ContractError, match=rf"has no '{word}'.*Did you mean '(previous|reads)'\?"):
        read_contract(path)


def test_a_missing_writer_says_what_to_do(tmp_path):
    notebook(tmp_path, "04_a", reads=["profile"])
    with pytest.raises(ContractError, match=r"numbered below 04 has to name it in its Stage\(writes=…\)"):
        read_contracts(tmp_path)


def test_a_letter_goes_on_from_a_number(tmp_path):
    notebook(tmp_path, "08_d", reads=["profile"])
    notebook(tmp_path, "07b_c", writes=["profile"])
    notebook(tmp_path, "07_b")
    (tmp_path / "7x_no_page.ipynb").write_text("not read")
    contracts = read_contracts(tmp_path)
    assert [(one.number, one.name) for one in contracts] == [("07", "b"), ("07b", "c"), ("08", "d")]


def test_same_number_twice(tmp_path):
    notebook(tmp_path, "01_a")
    notebook(tmp_path, "01_b")
    with pytest.raises(ContractError, match="share a number"):
        read_contracts(tmp_path)


def test_unknown_table_names_the_near_miss(tmp_path):
    notebook(tmp_path, "01_a", writes=["order_line"])
    with pytest.raises(ContractError, match=r"unknown table 'order_line'.*Did you mean 'order_lines'\?"):
        check_tables(read_contracts(tmp_path), ["orders", "order_lines"])


@pytest.mark.parametrize(
    ("overrides", "words"),
    [
        ({"churns": {}}, ["unknown stage 'churns'", "'churn'"]),
        ({"churn": {"churn_day": 30}}, ["no parameter 'churn_day'", "'churn_days'"]),
        ({"churn": {"churn_days": "thirty"}}, ["'thirty'", "expected int"]),
        ({"churn": 3}, ["is 3"]),
    ],
)
def test_overrides_are_checked_before_any_kernel(tmp_path, overrides, words):
    notebook(tmp_path, "06_churn", writes=["churn"])
    with pytest.raises(ContractError) as error:
        check_overrides(read_contracts(tmp_path), overrides, "sample.yaml")
    for word in ["sample.yaml", *words]:
        assert word in str(error.value)


def test_not_a_notebook(tmp_path):
    (tmp_path / "01_a.ipynb").write_text("no json")
    with pytest.raises(ContractError, match="not a notebook"):
        read_contracts(tmp_path)


def test_the_house_is_read_in_milliseconds():
    started = time.process_time()
    contracts = read_contracts(ROOT / "notebooks")
    assert contracts
    assert time.process_time() - started < 0.5  # generous: it takes a few ms; a kernel alone would take more
