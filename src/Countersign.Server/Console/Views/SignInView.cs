namespace Countersign.Server.Console.Views;

/// <summary>The token form.</summary>
/// <param name="Problem">Why the last attempt failed; <c>null</c> on the first.</param>
/// <param name="Action">Where to go afterwards; <c>null</c> for the queue.</param>
public sealed record SignInView(string? Problem, string? Action);

/// <summary>The button that uses a one-time link.</summary>
public sealed record LinkView(string Code, string Person);
