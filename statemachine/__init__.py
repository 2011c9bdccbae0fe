"""Amazon States Language: a pure interpreter. No I/O, no clock, no event loop, no chance of its own.

machine = parse(text)                       # statemachine.parse; DefinitionError with every Problem by its place
execution = Execution(machine, Start(...), chance)   # statemachine.execution
execution.begin(now)
while execution.run(now, budget): ...       # True: more is ready; straight-line work never starves a neighbour
for effect in execution.take_effects(): ... # do it; later execution.resolve(effect.token, outcome, now), then run
execution.wake_at                           # when to run again, if nothing else comes
execution.events, execution.status, execution.output, execution.error, execution.cause
"""
