package innkeep.documentstore;

import de.bwaldvogel.mongo.MongoCollection;
import de.bwaldvogel.mongo.backend.AbstractUniqueIndex;
import de.bwaldvogel.mongo.backend.IndexKey;
import de.bwaldvogel.mongo.backend.KeyValue;
import de.bwaldvogel.mongo.bson.Document;
import java.util.List;
import java.util.Map;
import java.util.stream.StreamSupport;

/** The index on {@code _id}: the map of the documents itself, so that the two can never disagree. */
final class PrimaryIndex extends AbstractUniqueIndex<Object> {
  static final String NAME = "_id_";

  private final DocumentMap documents;

  PrimaryIndex(DocumentMap documents) {
    super(NAME, List.of(new IndexKey("_id", true)), false);
    this.documents = documents;
  }

  @Override
  protected Object getPosition(KeyValue value) {
    Object key = Keys.of(value.get(0));
    return documents.contains(key) ? key : null;
  }

  /** The document is in the map already when its indexes are told. */
  @Override
  public void add(Document document, Object position, MongoCollection<Object> collection) {}

  /** The document leaves the map right after its indexes were told. */
  @Override
  protected Object removeDocument(KeyValue value) {
    return getPosition(value);
  }

  @Override
  protected boolean putKeyPosition(KeyValue value, Object position) {
    throw new UnsupportedOperationException("the documents are the index");
  }

  @Override
  protected Iterable<Map.Entry<KeyValue, Object>> getIterable() {
    Iterable<Object> keys = () -> documents.keysFrom(null);
    return () -> StreamSupport.stream(keys.spliterator(), false).map(key -> Map.entry(new KeyValue(key), key)).iterator();
  }

  @Override
  public long getCount() {
    return documents.size();
  }

  @Override
  public long getDataSize() {
    return 0;
  }
}
