using System.Collections.Immutable;
using Countersign.Core.Actions;
using Countersign.Core.Ledger;
using Countersign.Core.Storage;

namespace Countersign.Server.Storage;

/// <summary>
/// A change whose payloads are encrypted: sealing costs time, so callers do it and not the one writer.
/// </summary>
internal sealed record SealedChange(
    Change Change, ImmutableArray<SealedEntry> Entries, ImmutableArray<SealedDefinition> Definitions)
{
    /// <summary>How large one payload may be: a little more than any body a gate lets in.</summary>
    public const int MaxPayloadBytes = 32 << 20;

    public long Bytes => Entries.Sum(entry => (long)entry.Payload.Ciphertext.Length);

    public static SealedChange Of(Change change, PayloadVault vault) => new(
        change,
        [.. change.Entries.Select(entry => Seal(entry, vault))],
        [.. change.Definitions.Select(row => new SealedDefinition(row, SealedDefinition.Seal(row, vault)))]);

    /// <summary>What a payload is bound to: opened for another entry type or action, it is refused.</summary>
    public static string Context(EntryType type, ActionId? action) =>
        PayloadSeal.ContextOf(type, action);

    private static SealedEntry Seal(EntryDraft draft, PayloadVault vault)
    {
        if (draft.Payload.Length > MaxPayloadBytes)
        {
            throw new ArgumentException(
                $"A payload of {draft.Payload.Length} bytes exceeds the {MaxPayloadBytes} " +
                "that one ledger entry may keep.");
        }

        ActionRevision? subject = draft.Action is { } action ? new ActionRevision(action, draft.Revision) : null;
        var payload = vault.Seal(draft.Payload, Context(draft.Type, draft.Action));
        return new SealedEntry(draft.Type, subject, payload, Hash32.Of(payload.Ciphertext));
    }
}

/// <summary>One entry with its encrypted payload and the hash that its leaf will hold.</summary>
internal sealed record SealedEntry(EntryType Type, ActionRevision? Subject, SealedPayload Payload, Hash32 Hash);

/// <summary>A definition whose text is encrypted; target, name and fingerprint stay readable.</summary>
internal sealed record SealedDefinition(DefinitionRow Row, byte[] Definition)
{
    public static byte[] Seal(DefinitionRow row, PayloadVault vault) =>
        vault.SealValue(row.Definition.Span, Context(row.Target, row.Name));

    public static byte[] Open(TargetName target, string name, byte[] definition, PayloadVault vault) =>
        vault.OpenValue(definition, Context(target, name));

    private static string Context(TargetName target, string name) => $"countersign-definition-v1\n{target}\n{name}";
}
