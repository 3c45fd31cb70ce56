using Countersign.Core.Policies.Documents;

namespace Countersign.Core.Policies.Checking;

/// <summary>A compiled assertion: "the verdict is never this when that".</summary>
internal sealed record Assertion(VerdictOutcome Never, PolicyCondition When, SourcePosition At)
{
    public static Assertion? Compile(AssertionDraft draft, PolicyErrors errors)
    {
        if (PolicyCondition.Compile(draft.When, errors) is not { } condition)
        {
            return null;
        }

        if (!condition.Gates.IsEmpty)
        {
            return new Assertion(draft.Never, condition, draft.At);
        }

        errors.Add(condition.At, "no gate has every fact that the assertion reads; write one assertion for each gate");
        return null;
    }
}
