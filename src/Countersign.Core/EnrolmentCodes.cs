using Countersign.Core.Identity;

namespace Countersign.Core;

/// <summary>
/// Codes with which somebody vouches for the person who enrols a first passkey: an admin who knows them, or whoever
/// runs the server. A code is sealed under a key of the ledger, so that no node keeps what was made and the command
/// line makes one without the server. It works once, for one person, for a short while; the store keeps which were
/// used.
/// </summary>
public sealed class EnrolmentCodes(ReadOnlyMemory<byte> key, Func<DateTimeOffset> now, FillRandom random)
{
    /// <summary>How long a code works.</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromHours(1);

    private readonly SealedCodes _codes = new(key, "countersign-enrolment-code-v1\n", nonceBytes: 8);

    /// <summary>Makes a code for a person; without an admin it is one of whoever runs the server.</summary>
    public string Create(PersonId person, PersonId? admin) =>
        _codes.Create(admin?.Value ?? "", now() + Lifetime, random, BoundTo(person));

    /// <summary>Reads a code; <c>null</c> when it is none for this person, or has expired.</summary>
    internal EnrolmentCode? TryRead(PersonId person, string? text) =>
        _codes.TryRead(text, now(), BoundTo(person)) is { } code
            ? new EnrolmentCode(
                new Vouched(code.About.Length == 0 ? null : new PersonId(code.About)),
                $"enrolment:{code.Hash}",
                code.Until)
            : null;

    private static string BoundTo(PersonId person) => $"{person.Value}\n";
}

/// <summary>A code that holds.</summary>
/// <param name="Vouched">Who made it.</param>
/// <param name="Key">Names its one use for the store, without being the code.</param>
/// <param name="Until">When it expires.</param>
internal sealed record EnrolmentCode(Vouched Vouched, string Key, DateTimeOffset Until);

/// <summary>Who vouched for somebody's enrolment.</summary>
/// <param name="Admin">The admin; <c>null</c> when it was whoever runs the server.</param>
public sealed record Vouched(PersonId? Admin);

/// <summary>What became of asking for an enrolment code.</summary>
public abstract record CodeAnswer
{
    private CodeAnswer()
    {
    }

    public sealed record Made(string Code) : CodeAnswer;

    public sealed record Refused(string Why) : CodeAnswer;
}
