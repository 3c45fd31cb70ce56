using System.Text;
using System.Text.Json;
using Countersign.Core.Ledger;
using Countersign.Core.Records;
using Countersign.Core.Reviews;

namespace Countersign.Core.Receipts;

/// <summary>
/// Whether a reader may have what an entry says; a receipt shows of the others only that they are there.
/// </summary>
public delegate bool Disclosure(Leaf leaf, ReadOnlyMemory<byte> payload);

/// <summary>
/// What whom is told in a receipt: what the API shows them of the action, entry by entry. A payload is proved whole, so
/// one that holds a word too much stays closed.
/// </summary>
public static class Disclosures
{
    private static readonly JsonDocumentOptions Deep = new() { MaxDepth = PayloadWriter.MaxDepth };

    /// <summary>Everything: for whoever was recorded to have seen what cards hide.</summary>
    public static Disclosure Everything { get; } = static (_, _) => true;

    /// <summary>
    /// The agent that asked. Who approves whose, and with which device, is for people; a stopped agent gets no results.
    /// </summary>
    public static Disclosure ForAgent(bool isStopped) => (leaf, payload) => leaf.Type switch
    {
        EntryType.ReviewVote => !HasAny(payload, "assertion", "returns", "refused"),
        EntryType.ExecutionOutcome or EntryType.ActionExecuted => !isStopped,
        EntryType.ActionRequested or EntryType.ActionRefused or EntryType.ReviewOpened or EntryType.ReviewModified
            or EntryType.ReviewDecided or EntryType.ReviewExpired or EntryType.ActionWithdrawn
            or EntryType.ExecutionIntent => true,
        _ => false,
    };

    /// <summary>A person who may see the action: everything, unless cards hide something of it.</summary>
    public static Disclosure ForPerson(CardMask mask, ActionRecord record)
    {
        var hidesSomething = mask.Of(record).HidesSomething;
        return (leaf, payload) => leaf.Type switch
        {
            EntryType.ExecutionOutcome => !mask.Hides(record.Action.Target, payload),
            EntryType.ExecutionIntent or EntryType.CredentialEnrolled or EntryType.CredentialRevoked
                or EntryType.ExportIssued or EntryType.AgentStopped => true,
            // The record holds only what was said of its present revision.
            EntryType.ReviewVote => !Hides("comment", payload),
            EntryType.ReviewOpened => !hidesSomething && !Hides("dry_run", payload),
            _ => !hidesSomething,
        };

        bool Hides(string name, ReadOnlyMemory<byte> payload)
        {
            using var said = JsonDocument.Parse(payload, Deep);
            return said.RootElement.TryGetProperty(name, out var member)
                && mask.Hides(record.Action.Target, Encoding.UTF8.GetBytes(member.GetRawText()));
        }
    }

    private static bool HasAny(ReadOnlyMemory<byte> payload, params ReadOnlySpan<string> names)
    {
        using var said = JsonDocument.Parse(payload, Deep);
        foreach (var name in names)
        {
            if (said.RootElement.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null)
            {
                return true;
            }
        }

        return false;
    }
}
