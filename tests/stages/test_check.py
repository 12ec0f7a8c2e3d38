"""What the first stage keeps from DVC: experiments that are sweeps, of which it would run one training."""

from pathlib import Path

import pytest
import yaml
from hydra import compose, initialize_config_dir

from glassnet.config import CONF, UserError, register_resolvers, to_settings
from glassnet.runs import Layout
from glassnet.stages import check
from glassnet.stages.run_key import CODE
from tests.settings import PROJECT

ROOT = Path(__file__).resolve().parents[2]
# tabular chooses files of conf/ that are for data=csv, and that the tests' own conf/ leaves out.
EXPERIMENTS = sorted({path.stem for path in (PROJECT / CONF / "experiment").glob("*.yaml")} - {"tabular"})


@pytest.mark.parametrize("experiment", ["", *EXPERIMENTS])
def test_dvc_is_given_what_it_can_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, experiment: str) -> None:
    """The final training, an ensemble, the capstone, or no experiment; any other has a line with its command."""
    monkeypatch.chdir(PROJECT)
    register_resolvers(CONF)
    with initialize_config_dir(str(CONF.absolute()), version_base=None):
        settings = to_settings(compose("config", [f"experiment={experiment}"] if experiment else []), "test")
    if experiment in {"", "final", "ensemble", "capstone"}:
        check.main(settings, Layout(tmp_path))
        assert (tmp_path / "data" / "settings_checked").is_file()
        return
    stage = "range_test" if experiment == "range_test" else "train"
    with pytest.raises(UserError, match=f"start it with `python -m glassnet.stages.{stage} experiment={experiment}`"):
        check.main(settings, Layout(tmp_path))


def test_dvc_runs_the_check_when_an_experiment_is_chosen() -> None:
    """It looks at the parameters that a stage names, and at no others."""
    stages = yaml.safe_load((ROOT / "dvc.yaml").read_text())["stages"]
    assert {"conf_digest", "by_hand", "ablation"} <= set(stages["check"]["params"])


def test_what_identifies_the_code_of_a_training_is_what_dvc_watches() -> None:
    """Of the files of evaluation, which train uses some of."""
    deps = yaml.safe_load((ROOT / "dvc.yaml").read_text())["stages"]["train"]["deps"]
    watched = {each.removeprefix("src/glassnet/") for each in deps if "/evaluation/" in each}
    assert watched == {each for each in CODE if each.startswith("evaluation/")}
