using System.Collections.Immutable;
using Countersign.Core.Policies.Cel;
using Countersign.Core.Policies.Inputs;

namespace Countersign.Core.Policies;

/// <summary>One condition tried on facts that somebody wrote down, as a rule of a policy would ask it.</summary>
/// <param name="Steps">The steps this evaluation took; the program knows how many one can take at most.</param>
/// <param name="Gates">Where a rule with this condition would apply.</param>
/// <param name="Unknown">What the condition reads and the facts do not say.</param>
internal sealed record Trial(
    CelProgram Program, CelValue Value, long Steps, GateSet Gates, ImmutableArray<string> Unknown)
{
    /// <summary>
    /// Compiles the condition as a policy would and evaluates it; on failure the errors say what is refused.
    /// </summary>
    public static (Trial? Trial, ImmutableArray<CelError> Errors) Of(string source, TrialFacts facts)
    {
        var result = CelExpression.Compile(source, PolicySchema.Instance.Schema);
        if (result is CompileResult.Failed failed)
        {
            return (null, failed.Errors);
        }

        var program = ((CompileResult.Ok)result).Program;
        var value = program.Evaluate(facts.Frame, out var steps);
        var unknown = program.Reads.Except(facts.Known).Order(StringComparer.Ordinal).ToImmutableArray();
        return (new Trial(program, value, steps, PolicySchema.Instance.GatesWith(program.Reads), unknown), []);
    }
}
