"""Credit policy rules: `decide(policy, facts) -> Verdict`, a pure function. Knows neither Flask nor SQLAlchemy."""
