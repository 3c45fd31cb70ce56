namespace Countersign.Gates.Postgres.Rights;

/// <summary>Rights that cannot be given, or roles that cannot be used: which, why, and what to run.</summary>
internal sealed class RightsException(string message, Exception? cause = null) : Exception(message, cause);
