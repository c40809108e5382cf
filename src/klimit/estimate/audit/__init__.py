"""How far a policy is from the optimum, from its draws and the reference's."""
