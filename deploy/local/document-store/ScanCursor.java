package innkeep.documentstore;

import de.bwaldvogel.mongo.backend.AbstractCursor;
import de.bwaldvogel.mongo.bson.Document;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;

/** What is left of a read: documents are decoded when they are asked for, so a large read needs little memory. */
final class ScanCursor extends AbstractCursor {
  /** As many as one reply holds when the client does not say. */
  static final int USUAL_BATCH = 1000;

  private final Iterator<Document> remaining;

  ScanCursor(long id, Iterator<Document> remaining) {
    super(id);
    this.remaining = remaining;
  }

  @Override
  public synchronized boolean isEmpty() {
    return !remaining.hasNext();
  }

  @Override
  public synchronized List<Document> takeDocuments(int count) {
    return take(remaining, count > 0 ? count : USUAL_BATCH);
  }

  static List<Document> take(Iterator<Document> documents, int count) {
    List<Document> taken = new ArrayList<>();
    while (taken.size() < count && documents.hasNext()) {
      taken.add(documents.next());
    }
    return taken;
  }
}
