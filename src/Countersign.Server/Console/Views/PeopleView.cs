using System.Collections.Immutable;

namespace Countersign.Server.Console.Views;

/// <summary>Everybody who is registered, the reader first.</summary>
public sealed record PeopleView(ImmutableArray<PersonItem> People);

/// <summary>One person in the list.</summary>
public sealed record PersonItem(string Id, string Name, string Groups, bool IsAdmin, int Passkeys)
{
    public bool IsYou { get; init; }
}

/// <summary>One person's page.</summary>
public sealed record PersonView(PersonItem Person, DateTimeOffset Now)
{
    /// <summary>Their passkeys; <c>null</c> when they are not the reader's business.</summary>
    public ImmutableArray<PasskeyView>? Passkeys { get; init; }

    /// <summary>How the reader adds one; <c>null</c> on the page of somebody else.</summary>
    public EnrolmentView? Enrolment { get; init; }

    /// <summary>How the reader vouches for their first one; <c>null</c> when they may not or need not.</summary>
    public VouchingView? Vouching { get; init; }

    public NoticeView? Notice { get; init; }

    /// <summary>How the reader is signed in; <c>null</c> on the page of somebody else.</summary>
    public SessionView? Session { get; init; }
}

/// <summary>The reader's own sign-in.</summary>
/// <param name="Since">When it began.</param>
/// <param name="StepUpOrigin">Where a passkey would make it stronger; <c>null</c> when it would not.</param>
public sealed record SessionView(DateTimeOffset Since, string? StepUpOrigin);

/// <summary>A passkey.</summary>
/// <param name="Entry">Index of the ledger entry of its enrolment, by which it is revoked.</param>
/// <param name="Name">What its person calls it.</param>
/// <param name="EnrolledAt">When it was enrolled.</param>
/// <param name="IsSynced">Whether copies may be on other devices.</param>
/// <param name="WhyNotRevoke">Why the reader may not revoke it; <c>null</c> when they may.</param>
public sealed record PasskeyView(
    long Entry, string Name, DateTimeOffset EnrolledAt, bool IsSynced, string? WhyNotRevoke)
{
    /// <summary>Who vouched for its person; <c>null</c> when nobody had to.</summary>
    public string? Voucher { get; init; }
}

/// <summary>The form that makes a code for somebody's first passkey, or the code that was just made.</summary>
public sealed record VouchingView(string? Code, string? WhyNot);

/// <summary>The form that enrols a passkey.</summary>
/// <param name="WhyNot">Why the reader may not; <c>null</c> when they may.</param>
/// <param name="Origin">The only address at which browsers make passkeys for this server.</param>
public sealed record EnrolmentView(string? WhyNot, string Origin)
{
    /// <summary>Who enrols.</summary>
    public string Person { get; init; } = "";

    /// <summary>Whether somebody has to vouch for them first.</summary>
    public bool NeedsCode { get; init; }
}
