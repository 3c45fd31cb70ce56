using Countersign.Core.Actions;
using Countersign.Core.Policies;
using Countersign.Core.Policies.Allowing;
using Countersign.Core.Storage;

namespace Countersign.Core;

/// <summary>
/// What a denied agent is told that it may do instead. Other operations are named only when the target is known to have
/// them: a rule may name what exists elsewhere, and an agent learns nothing about targets that are not its own.
/// </summary>
internal sealed class Suggestions(IStore store)
{
    public async Task<AllowedForm?> FindAsync(
        Asking asking, Verdict verdict, Charter today, CancellationToken cancellationToken)
    {
        if (verdict.Outcome != VerdictOutcome.Deny)
        {
            return null;
        }

        var form = today.FindAllowed(asking);
        var known = new List<string>();
        foreach (var operation in form.Operations)
        {
            if (asking.Target.Gate == GateKind.Mcp
                && await store.FindDefinitionAsync(asking.Target.Name, operation, cancellationToken) is not null)
            {
                known.Add(operation);
            }
        }

        form = form with { Operations = [.. known] };
        return form.IsEmpty ? null : form;
    }
}
