"""How sure a target is: resamples, region, reliability against chance, advice."""
